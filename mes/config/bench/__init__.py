"""Measurements of `./manage.py bench`: every figure beside a named peer or limit measured in the same run."""
