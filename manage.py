#!/usr/bin/env python
"""Django's command line; `./manage` runs it with the environment of `./run`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
    execute_from_command_line(sys.argv)
