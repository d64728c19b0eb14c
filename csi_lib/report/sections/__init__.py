"""What the chapters say, section by section: functions of an open `Chapter` that return tables, frames and sentences.

A notebook calls these and shows what they return; an academic may call them on any chapter.
"""
