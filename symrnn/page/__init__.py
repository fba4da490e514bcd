"""What a model shows of itself on a page: kept in a file, or live while its text is typed.

- `asked`    what somebody wants to see: a text, steps, letters, data
- `subject`  that, worked out as far as it is looked at, each stage once
- `data`, `run`  the numbers behind it: drawn, put in, or those of a run of training
- `panels`   what stands on a page: each panel a file, a function from a subject to a section
- `lights`, `marks`  what lights up with a term: its path in the picture, its lines in the listings
- `refused`  what stands where something cannot be shown
- `report`   all panels in one file that can be mailed
- `live`     a server on this machine: a panel at a time, while somebody types
"""
