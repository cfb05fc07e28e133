"""The evidence pack: everything an incident rests on, in one file that an inspector checks without us."""
