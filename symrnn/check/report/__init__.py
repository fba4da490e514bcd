"""What is told of claims: for a terminal, as JSON, as CSV, as a page.

told  reports with the letters in which they are told, line by line
text  for a terminal: marks, the line as it was written, what belongs there
data  as JSON and as CSV, for programs and for tables
page  one page of HTML, its formulas MathML
"""

from symrnn.check.report.told import Reports

__all__ = ["Reports"]
