"""Clock, bus, tasks, lifecycle and logs: what everything above stands on."""
