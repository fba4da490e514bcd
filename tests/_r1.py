import sys,random,traceback
from tests.grammar import Writer
import symrnn
from symrnn.derivation.derivation import Derivation
d=symrnn.parse(Writer(random.Random(int(sys.argv[1]))).text()).derive(int(sys.argv[2]) or None)
print(d.text(sys.argv[3], sys.argv[4:]))
