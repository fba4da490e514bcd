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
only=sys.argv[3:]  # views
cnt=collections.Counter(); seen=set()
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
          if not sym and T==7: continue
          d=Derivation('m',m.written,None if sym else T,scalar=scalar)
          for v in ('chain','closed','delta','product'):
            if v in('delta','product') and not sym: continue
            if only and v not in only: continue
            for col in (False,True):
              if col and (scalar or v=='chain'): continue
              try:
                S=VIEWS[v](d)
                if v=='chain': S=(*S,*VIEWS['local'](d))
                if col: S=as_columns(S)
                ev=Evaluator([e for s in S for e in s.equations],interpret(d.plain,data,T),data,dims,col)
                bad=[]
                for p in d.parameters:
                    got=ev(Total(LOSS,Ref(p))); got=(got.T if col else got).reshape(-1)
                    want=np.asarray(res.adjoint_of(p)).reshape(-1)
                    err=np.linalg.norm(got-want)/max(1e-3,np.linalg.norm(want))
                    if not err<1e-9: bad.append((p,float(f"{err:.2g}")))
                cnt[v,sym]+=1
                if bad:
                    cnt['BAD',v,sym]+=1
                    if (seed,v,sym) not in seen:
                        seen.add((seed,v,sym)); print('BAD',seed,scalar,T,sym,v,col,bad,flush=True)
              except SymrnnError as e:
                cnt[v,sym,'refused']+=1
                if (seed,v,sym) not in seen:
                    seen.add((seed,v,sym)); cnt[v,sym,'refused systems',str(e)[:70].split(',')[0]]+=1
              except Exception as e:
                if (seed,v,sym) not in seen:
                    seen.add((seed,v,sym)); print('EXC',seed,scalar,T,sym,v,col,type(e).__name__,str(e)[:100],flush=True)
                    cnt['EXC']+=1
for k,n in sorted(cnt.items(),key=str): print(n,k)
