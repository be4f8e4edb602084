"""Running programs, comparing, publishing; and whether tests notice mistakes."""
