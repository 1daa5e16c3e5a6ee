"""One table of commands; menus, keys and the palette are made from it."""
