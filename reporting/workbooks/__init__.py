"""Workbooks that leave the house: values in, bytes of .xlsx out; no database, no HTTP."""
