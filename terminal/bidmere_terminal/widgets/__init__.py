"""Small widgets that the window and the panels share."""
