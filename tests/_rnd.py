import sys,random,traceback,collections
import numpy as np
from tests.grammar import Writer
import symrnn
from symrnn.derivation.derivation import Derivation, LOSS
from symrnn.derivation.formula import Total
from symrnn.derivation.evaluate import Evaluator
from symrnn.derivation.sheets import VIEWS
from symrnn.derivation.columns import as_columns
from symrnn.interpret import interpret
from symrnn.language.tree import Ref
from symrnn.sample import sample
from symrnn.system import resolve
from symrnn.errors import SymrnnError
a,b=int(sys.argv[1]),int(sys.argv[2])
cnt=collections.Counter(); 
for seed in range(a,b):
    text=Writer(random.Random(seed),rough=False).text()
    try: m=symrnn.parse(text)
    except SymrnnError as e: cnt['parse']+=1; continue
    for scalar in (False,True):
      dims={'D':1,'E':1} if scalar else {'D':2,'E':3}
      for T in (1,2,4,7):
        data=sample(m.written,resolve(m.written),dims,T,1,seed=seed)
        res=interpret(m.adjoint,data,T)
        if not np.isfinite(res.loss): continue
        for sym in (False,True):
          if sym and T!=7: continue
          d=Derivation('m',m.written,None if sym else T,scalar=scalar)
          for v in ('chain','closed','delta','product'):
            if v in('delta','product') and not sym: continue
            for col in (False,True):
              if col and (scalar or v=='chain'): continue
              try:
                S=VIEWS[v](d)
                if v=='chain': S=(*S,*VIEWS['local'](d))
                if col: S=as_columns(S)
                ev=Evaluator([e for s in S for e in s.equations],interpret(d.plain,data,T),data,dims,col)
                for p in d.parameters:
                    got=ev(Total(LOSS,Ref(p))); got=(got.T if col else got).reshape(-1)
                    want=np.asarray(res.adjoint_of(p)).reshape(-1)
                    err=np.linalg.norm(got-want)/max(1e-3,np.linalg.norm(want))
                    cnt[v]+=1
                    if not err<1e-9:
                        cnt['BAD']+=1; cnt['BAD '+v+str(sym)]+=1
                        if cnt['BAD '+v+str(sym)]<3: print('BAD',seed,scalar,T,sym,v,col,p,err)
              except SymrnnError as e:
                cnt[v+':'+type(e).__name__+str(e)[:60]]+=1
              except Exception as e:
                cnt['EXC '+v+str(sym)+' '+type(e).__name__+str(e)[:80]]+=1
                if cnt['x'+v+str(sym)]<3: cnt['x'+v+str(sym)]+=1; print('EXC',seed,scalar,T,sym,v,col,type(e).__name__,str(e)[:100])
print(cnt)
