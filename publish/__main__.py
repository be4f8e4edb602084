"""`python -m publish`: see publish/check/publishing.py."""

from publish.check.publishing import main

if __name__ == "__main__":
    main()
