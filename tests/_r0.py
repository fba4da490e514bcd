import sys,random
from tests.grammar import Writer
print(Writer(random.Random(int(sys.argv[1]))).text())
