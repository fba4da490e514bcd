import sys,random
from tests.grammar import Writer
import symrnn
from symrnn.errors import UsageError,EquationError
for s in range(int(sys.argv[1]),int(sys.argv[2])):
    m=symrnn.parse(Writer(random.Random(s)).text())
    for v in ('chain','local','closed','delta','product'):
        try: m.derive(None).text(v)
        except (UsageError,EquationError): pass
        except Exception as e: print(s,v,type(e).__name__,str(e)[:60])
