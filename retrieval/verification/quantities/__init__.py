"""The numbers, amounts, durations, dates and times of a text."""
