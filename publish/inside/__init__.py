"""What runs in a program's interpreter, which has nothing else of this project."""
