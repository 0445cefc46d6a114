"""One area of the console a module: its handlers parse, call one function, render."""
