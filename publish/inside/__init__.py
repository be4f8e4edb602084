"""What runs in the bare interpreter of a program: nothing else of this project."""
