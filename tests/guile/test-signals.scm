;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That ^C is handled at once, whatever it comes into, and leaves nothing behind.
(use-modules (buildq ffi)
             (buildq runtime)
             (farm)
             (ice-9 threads)
             (srfi srfi-1)
             (system foreign)
             (tap))

(define queue (queue-new-for-uri "memory:" #f))
(submit queue "a")

(define g-main-depth (c-function int "g_main_depth" '()))

;; Only what is in interrupted? is interrupted, and once.
(define armed? #f)
(sigaction SIGINT (lambda (signal)
                    (when armed?
                      (set! armed? #f)
                      (throw 'interrupted))))

(define (interrupt)
  (kill (getpid) SIGINT))

(define (interrupted? thunk)
  "Return whether THUNK is ended by an interrupt."
  (catch 'interrupted
    (lambda ()
      (set! armed? #t)
      (thunk)
      (set! armed? #f)
      #f)
    (const #t)))

(define (wait-for-ever)
  (pump-until (const #f) #:timeout deadline))

(check "before the wait" #t
       (interrupted? (lambda () (interrupt) (wait-for-ever))))

;; Wherever the other thread's signal comes into it.
(check "in the wait, 100 times" 100
       (count (lambda (i)
                (interrupted? (lambda ()
                                (call-with-new-thread interrupt)
                                (wait-for-ever))))
              (iota 100)))

(check "in a callback that does not end" #t
       (interrupted? (lambda ()
                       (get-job-async queue "a"
                                      (lambda _
                                        (call-with-new-thread interrupt)
                                        (let loop () (loop))))
                       (wait-for-ever))))

(check "in a callback that waits" #t
       (interrupted? (lambda ()
                       (get-job-async queue "a"
                                      (lambda _
                                        (call-with-new-thread interrupt)
                                        (wait-for-ever)))
                       (wait-for-ever))))

;; A thread sends signals as long as calls are made and answered: they come into every
;; step of that.
(define (calls-until-interrupted count)
  (define over? #f)
  (define sender
    (call-with-new-thread
     (lambda ()
       (let loop ()
         (unless over?
           (interrupt)
           (yield)
           (loop))))))
  (define answered 0)
  (define (call)
    (let ((before answered))
      (get-job-async queue "a" (lambda (source result)
                                 (queue-get-job-finish queue result)
                                 (set! answered (1+ answered))))
      (pump-until (lambda () (> answered before)) #:timeout deadline)))
  (let loop ((interrupts 0))
    (if (< interrupts count)
        (loop (if (interrupted? call) (1+ interrupts) interrupts))
        (begin
          (set! over? #t)
          (join-thread sender)
          interrupts))))

(check "interrupts at any moment of a call" 200 (calls-until-interrupted 200))
(check "C has left its loop" 0 (g-main-depth))
(check "interrupts are not held off" #t
       (interrupted? (lambda () (interrupt) (wait-for-ever))))
(check "the queue still answers" 'ready
       (job-status-get-state (get-job queue "a")))

(done)
