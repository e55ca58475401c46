/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The lease protocol (doc/protocol.md, 8), with one level of relay, for one job:
 *
 *     leaf 0 ──┐
 *              ├── relay ──┐
 *     leaf 1 ──┘           ├── root
 *     leaf 2 ──────────────┘
 *
 * Up goes what the holder has, down what the grantor wants, again and again. FAULTS things
 * go wrong, whichever and whenever: a message is lost; a lease or the session of its
 * holder runs out; a leaf is killed, and comes back with its results, and with its work or
 * without. The relay and the root may be killed at any time: what they know here is what
 * is in their journals.
 *
 * Checked: one result is accepted; a lease has one holder; what is accepted is still
 * pinned by the leaf that made it, and nobody else is told that it is; and in the end the
 * job is done, and nobody holds anything. That old messages change nothing (`seq`) is left
 * to tests/queue/test-history.
 *
 * tests/queue/test-model.sh runs it. By hand, with more faults than there:
 *
 *     spin -DFAULTS=3 -a lease.pml && cc -O2 -DNFAIR=3 -DCOLLAPSE -o pan pan.c
 *     ./pan -a -f -m1000000
 */

#ifndef FAULTS
#define FAULTS 2
#endif
/* Leases of the root, and those that the relay makes of them, numbered from 1. Each fault
 * costs at most one more of each. */
#define LEASES (FAULTS + 2)
#define SUBLEASES (2 * FAULTS + 3)
#define LEAVES 3
#define PATIENCE 1
#define DIRECT 2 /* the leaf of the root; the others are the relay's */
#define FIRST_RELAY (LEAVES + 2) /* the number of the process */

/* Two designs that are wrong, so that the checks are seen to fail: with EARLY=received a
 * leaf forgets a result as soon as the relay has it; with FENCED=false a result counts
 * whatever became of the job. */
#ifndef EARLY
#define EARLY 255
#endif
#ifndef FENCED
#define FENCED true
#endif

#define bit(n) (1 << (n))
#define has(set, n) (((set) & bit (n)) != 0)

mtype = { ready, leased, done };
mtype = { nothing, received, accepted, stale, lost };

byte faults = FAULTS;

/* What a leaf holds: a lease of its grantor, and whether it has the result. */
byte token[LEAVES];
bool finished[LEAVES];
byte patience[LEAVES]; /* messages until the work is surely finished */
bool anew[LEAVES];  /* a new session: it attaches, and tells what it holds */
short past[LEAVES]; /* leases that it is done with */

/* From a leaf: attach, token, finished. To it: whether that answers an attach, a grant, and
 * a verdict on a token. */
chan up[LEAVES] = [1] of { bool, byte, bool };
chan down[LEAVES] = [1] of { bool, byte, byte, mtype };
/* From the relay: what it holds, the results it has, whether it wants more. To it: a
 * grant, and which results were accepted, which are stale, which leases are to stop. */
chan relay_up = [1] of { byte, byte, bool };
chan relay_down = [1] of { byte, byte, byte, byte };

/* The root's journal. */
mtype job = ready;
byte attempt;       /* the last lease */
byte current;       /* the lease that counts, while it is leased */
bool claimed;       /* its holder has said that it has it */
byte known;         /* leases that may still be held */
byte directs;       /* those that the direct leaf has, or had */
byte done_by;       /* the lease whose result was accepted */

/* The relay's journal. */
byte held;          /* leases of the root */
byte results;       /* those of which it has a result */
byte stopped;       /* those that are to stop */
byte verdict_yes;   /* those of which the root's word is known */
byte verdict_no;
byte sub;           /* the last sublease */
byte sub_of[SUBLEASES + 1];     /* which lease it is of, … */
byte sub_leaf[SUBLEASES + 1];   /* … and who was given it */
byte sub_claimed[SUBLEASES + 1];
byte sub_current[LEASES + 1];   /* the sublease of a lease that counts; 0: none */
byte sub_result[LEASES + 1];    /* the sublease that brought its result */

/* --- a leaf --- */

inline leaf_hears (i)
{
  if
  :: down[i]?attached,grant,about,verdict ->
     anew[i] = anew[i] && !attached;
     if
     :: about != 0 && about == token[i] && (verdict == accepted || verdict == EARLY) ->
        assert (verdict == EARLY || (finished[i] && job == done));
        assert (verdict == EARLY
                || (i == DIRECT -> about == done_by : sub_of[about] == done_by));
        past[i] = past[i] | bit (token[i]);
        token[i] = 0;
        finished[i] = false
     :: about != 0 && about == token[i] && (verdict == stale || (verdict == lost && !finished[i])) ->
        past[i] = past[i] | bit (token[i]);
        token[i] = 0;
        finished[i] = false
     :: else
     fi;
     if
     :: grant != 0 && token[i] == 0 && !has (past[i], grant) ->
        assert (i == DIRECT || sub_leaf[grant] == i); /* a lease has one holder */
        token[i] = grant;
        patience[i] = PATIENCE
     :: else
     fi
  :: empty (down[i])
  fi
}

/* Sooner or later the work is finished; most of the time it takes more than one message. */
inline leaf_works (i)
{
  if
  :: token[i] != 0 && !finished[i] && patience[i] > 0 -> patience[i]--
  :: token[i] != 0 && !finished[i] -> finished[i] = true
  :: token[i] == 0 || finished[i]
  fi
}

inline leaf_speaks (i)
{
  if
  :: nfull (up[i]) ->
     up[i]!anew[i],token[i],finished[i]
  :: full (up[i])
  fi
}

active [LEAVES] proctype Leaf ()
{
  bool attached;
  byte grant, about;
  mtype verdict;

  do
  :: atomic {
       leaf_hears (_pid);
       leaf_works (_pid);
       leaf_speaks (_pid);
       attached = false;
       grant = 0;
       about = 0;
       verdict = nothing
     }
  od
}

/* --- the root --- */

/* Whoever made its result still has it. */
#define pins(i, n) (token[i] == (n) && finished[i])
#define maker(lease) sub_leaf[sub_result[lease]]
#define is_pinned(lease) \
  (has (directs, lease) -> pins (DIRECT, lease) : pins (maker (lease), sub_result[lease]))

/* A result of @lease. */
inline root_takes_result (lease, word)
{
  if
  :: job == done && FENCED -> word = (done_by == lease -> accepted : stale)
  :: (job != done || !FENCED) && has (known, lease) ->
     assert (done_by == 0); /* completion happens once */
     assert (is_pinned (lease));
     job = done;
     done_by = lease;
     current = 0;
     word = accepted
  :: else -> word = stale
  fi
}

/* Somebody says that he works on @lease. */
inline root_takes_claim (lease, word)
{
  if
  :: job == done || !has (known, lease) -> word = lost
  :: job == ready && has (known, lease) ->
     job = leased;
     current = lease;
     claimed = true;
     word = nothing
  :: else ->
     if
     :: current == lease -> claimed = true
     :: else
     fi;
     word = nothing
  fi
}

inline root_grants (to_direct)
{
  if
  :: job == ready && attempt < LEASES ->
     attempt++;
     current = attempt;
     known = known | bit (attempt);
     directs = (to_direct -> directs | bit (attempt) : directs);
     claimed = false;
     job = leased
  :: else
  fi
}

inline root_offer (to_direct, grant)
{
  grant = (job == leased && !claimed && has (directs, current) == to_direct -> current : 0)
}

inline root_hears_direct ()
{
  up[DIRECT]?attach,t,f ->
  word = nothing;
  if
  :: attach && job == leased && has (directs, current) && current != t ->
     job = ready /* its holder has lost it */
  :: else
  fi;
  if
  :: t != 0 && f -> root_takes_result (t, word)
  :: t != 0 && !f -> root_takes_claim (t, word)
  :: else -> root_grants (true)
  fi;
  root_offer (true, grant);
  if
  :: nfull (down[DIRECT]) -> down[DIRECT]!attach,grant,t,word
  :: full (down[DIRECT])
  fi
}

inline root_hears_relay ()
{
  relay_up?holding,finals,hungry ->
  yes = 0;
  no = 0;
  stop = 0;
  for (t : 1 .. LEASES)
  {
    word = nothing;
    if
    :: has (finals, t) -> root_takes_result (t, word)
    :: !has (finals, t) && has (holding, t) -> root_takes_claim (t, word)
    :: else
    fi;
    yes = yes | (word == accepted -> bit (t) : 0);
    no = no | (word == stale -> bit (t) : 0);
    stop = stop | (word == lost -> bit (t) : 0)
  }
  if
  :: hungry -> root_grants (false)
  :: else
  fi;
  root_offer (false, grant);
  if
  :: nfull (relay_down) -> relay_down!grant,yes,no,stop
  :: full (relay_down)
  fi
}

active proctype RootToDirect ()
{
  byte grant, t;
  bool attach, f;
  mtype word;

  do
  :: atomic {
       root_hears_direct ();
       grant = 0; t = 0; attach = false; f = false; word = nothing
     }
  od
}

active proctype RootToRelay ()
{
  byte grant, t, holding, finals, yes, no, stop;
  bool hungry;
  mtype word;

  do
  :: atomic {
       root_hears_relay ();
       grant = 0; t = 0; holding = 0; finals = 0; yes = 0; no = 0; stop = 0;
       hungry = false; word = nothing
     }
  od
}

/* --- the relay --- */

/* A result of the sublease @s of @lease. It is on the disk of the relay before that says
 * so; the leaf keeps it until the root's word comes. */
inline relay_takes_result (s, lease, word)
{
  if
  :: has (verdict_yes, lease) -> word = (sub_result[lease] == s -> accepted : stale)
  :: has (verdict_no, lease) -> word = stale
  :: has (results & ~(verdict_yes | verdict_no), lease) ->
     word = (sub_result[lease] == s -> received : stale)
  :: else ->
     results = results | bit (lease);
     sub_result[lease] = s;
     word = received
  fi
}

inline relay_takes_claim (s, lease, word)
{
  sub_claimed[s] = 1;
  if
  :: has (verdict_yes | verdict_no | stopped, lease) -> word = lost
  :: else ->
     if
     :: sub_current[lease] == 0 && !has (results, lease) -> sub_current[lease] = s
     :: else
     fi
  fi
}

/* What the leaf @i had, and comes back without. */
inline relay_drops (i, s)
{
  for (lease : 1 .. LEASES)
  {
    if
    :: sub_current[lease] != 0 && sub_current[lease] != s && sub_leaf[sub_current[lease]] == i ->
       sub_current[lease] = 0
    :: else
    fi
  }
}

inline relay_grants (i, grant)
{
  for (lease : 1 .. LEASES)
  {
    if
    :: grant == 0 && has (held & ~(results | stopped | verdict_yes | verdict_no), lease) ->
       if
       :: sub_current[lease] == 0 && sub < SUBLEASES ->
          sub++;
          sub_of[sub] = lease;
          sub_leaf[sub] = i;
          sub_current[lease] = sub;
          grant = sub
       :: sub_current[lease] != 0 && sub_leaf[sub_current[lease]] == i && !sub_claimed[sub_current[lease]] ->
          grant = sub_current[lease]
       :: else
       fi
    :: else
    fi
  }
}

inline relay_hears_leaf (i)
{
  up[i]?attach,s,f ->
  word = nothing;
  if
  :: attach -> relay_drops (i, s)
  :: else
  fi;
  if
  :: s != 0 && f -> relay_takes_result (s, sub_of[s], word)
  :: s != 0 && !f -> relay_takes_claim (s, sub_of[s], word)
  :: else -> relay_grants (i, grant)
  fi;
  if
  :: nfull (down[i]) -> down[i]!attach,grant,s,word
  :: full (down[i])
  fi
}

inline relay_hears_root ()
{
  relay_down?grant,yes,no,stop ->
  held = held | (grant != 0 -> bit (grant) : 0);
  verdict_yes = verdict_yes | yes;
  verdict_no = verdict_no | no;
  stopped = stopped | stop
}

inline relay_speaks ()
{
  nfull (relay_up) ->
  holding = held & ~(verdict_yes | verdict_no | stopped);
  relay_up!holding,(results & ~(verdict_yes | verdict_no)),((holding & ~results) == 0)
}

active [DIRECT] proctype RelayToLeaf ()
{
  byte grant, s, lease;
  bool attach, f;
  mtype word;

  do
  :: atomic {
       relay_hears_leaf (_pid - FIRST_RELAY);
       grant = 0; s = 0; lease = 0; attach = false; f = false; word = nothing
     }
  od
}

active proctype RelayToRoot ()
{
  byte grant, yes, no, stop, holding;

  do
  :: atomic {
       if
       :: relay_hears_root ()
       :: empty (relay_down)
       fi;
       if
       :: relay_speaks ()
       :: full (relay_up)
       fi;
       grant = 0; yes = 0; no = 0; stop = 0; holding = 0
     }
  od
}

/* --- what goes wrong --- */

inline kill_leaf (i)
{
  token[i] != 0 ->
  anew[i] = true;
  if /* its connection is gone, with what was on the way */
  :: up[i]?_,_,_
  :: empty (up[i])
  fi;
  if
  :: down[i]?_,_,_,_
  :: empty (down[i])
  fi;
  if
  :: !finished[i] -> past[i] = past[i] | bit (token[i]); token[i] = 0
  :: true /* its spool has the result, or its work went on without it */
  fi
}

active proctype Fault ()
{
  byte i;

end:
  do
  :: atomic { faults > 0 ->
       select (i : 0 .. LEAVES - 1);
       if
       :: up[i]?_,_,_
       :: down[i]?_,_,_,_
       :: relay_up?_,_,_
       :: relay_down?_,_,_,_
       :: job == leased -> job = ready
       :: kill_leaf (i)
       :: i > 0 && sub_current[i] != 0 -> sub_current[i] = 0
       fi;
       faults--;
       i = 0
     }
  od
}

#define idle (token[0] == 0 && token[1] == 0 && token[2] == 0)

ltl all_done { <> (job == done && idle) }
