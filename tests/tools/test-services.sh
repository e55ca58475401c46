#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Units of systemd and services of the Shepherd: that they can be loaded, and start what
# there is.
. "${top_srcdir:-.}/tests/tools/lib.sh"
made=${top_builddir:-build}/data

# --- systemd ---
if command -v systemd-analyze > /dev/null
then
  mkdir "$work/units"
  for unit in buildq-server.service buildq-worker.service
  do
    # What is not installed yet cannot be verified.
    sed "s|^ExecStart=[^ ]*|ExecStart=$tool|" "$made/systemd/$unit" > "$work/units/$unit"
  done
  cp "${top_srcdir:-.}/data/systemd/buildq-server.socket" "$work/units"
  for unit in buildq-server.socket buildq-server.service buildq-worker.service
  do
    # It also tells about units of the machine that ours refer to.
    SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$work/units/$unit" \
      > "$work/out" 2> "$work/err"
    grep buildq "$work/err" > "$work/ours"
    [ ! -s "$work/ours" ]
    result $? "systemd-analyze verify $unit"
  done
  printf '[Service]\nExecStart=/bin/true\nKillMod=process\n' > "$work/units/buildq-bad.service"
  systemd-analyze verify --man=no "$work/units/buildq-bad.service" 2>&1 | grep -q "KillMod"
  result $? "which would find a mistake"
else
  echo "ok $((n = n + 1)) - units of systemd # SKIP no systemd-analyze"
fi
for unit in "$made"/systemd/*.service
do
  command=$(sed -n 's/^ExecStart=[^ ]*buildq //p' "$unit")
  buildq "$command" --help
  result "$status" "$(basename "$unit") runs 'buildq $command'"
done
! grep -q '@[a-z]*dir@' "$made"/systemd/*.service "$made/shepherd/buildq.scm"
result $? "places are filled in"

# --- Shepherd ---
# shepherd VERSION: a module of its name that remembers what it is given
shepherd ()
{
  mkdir -p "$work/$1/shepherd"
  cat > "$work/$1/shepherd/service.scm" <<'END'
(define-module (shepherd service)
  #:use-module (oop goops)
  #:export (register-services make-forkexec-constructor make-kill-destructor
            default-environment-variables))
(define started '())
(define-public registered '())
(define (default-environment-variables) '("PATH=/bin"))
(define* (make-forkexec-constructor command #:key user group directory log-file
                                    environment-variables)
  (lambda _ (list command user group directory log-file environment-variables)))
(define* (make-kill-destructor #:optional (signal SIGTERM) #:key (grace-period 5))
  (lambda _ grace-period))
END
}
shepherd 0.10
cat >> "$work/0.10/shepherd/service.scm" <<'END'
(define-public (service-provision service) (car service))
(export service)
(define* (service provision #:key requirement documentation start stop respawn?)
  (list provision documentation start stop respawn?))
(define (register-services services) (set! registered services))
(define-public (start-of service) (list-ref service 2))
(define-public (stop-of service) (list-ref service 3))
END
shepherd 0.9
cat >> "$work/0.9/shepherd/service.scm" <<'END'
(define-class <service> ()
  (provides #:init-keyword #:provides #:getter provides)
  (requires #:init-keyword #:requires)
  (docstring #:init-keyword #:docstring)
  (start #:init-keyword #:start #:getter start-of)
  (stop #:init-keyword #:stop #:getter stop-of)
  (respawn? #:init-keyword #:respawn?))
(export <service> start-of stop-of)
(define (register-services . services) (set! registered services))
END
cat > "$work/load.scm" <<'END'
(load (cadr (command-line)))
;; The directory is there, and the user is whoever runs this.
(define asked '())
(set! getpw (lambda (name) (set! asked (cons name asked)) ((@ (guile) getpwuid) (getuid))))
(set! file-exists? (const #t))
(for-each (lambda (service)
            (write ((start-of service))) (newline)
            (write ((stop-of service) 1)) (newline))
          registered)
END
for version in 0.9 0.10
do
  if command -v guile > /dev/null
  then
    GUILE_AUTO_COMPILE=0 GUILE_LOAD_PATH="$work/$version" \
      guile -s "$work/load.scm" "$made/shepherd/buildq.scm" > "$work/out" 2> "$work/err"
    result $? "Shepherd $version loads it"
    prints 'bin/buildq" "serve") "buildq" "buildq" "/var/lib/buildq" "/var/log/buildq-server.log"' \
      'bin/buildq" "work") "buildq-worker" "buildq-worker" "/var/lib/buildq-worker"' \
      'STATE_DIRECTORY=/var/lib/buildq-worker'
    is "the worker has time to end" "5 900" "$(grep '^[0-9]' "$work/out" | paste -sd' ')"
  else
    echo "ok $((n = n + 1)) - services of the Shepherd # SKIP no guile"
  fi
done
done_testing
