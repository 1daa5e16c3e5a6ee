"""The façade every operator uses: window, command line, remote control and strategies ask the desk, nothing deeper."""
