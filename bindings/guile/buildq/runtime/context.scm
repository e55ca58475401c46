;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What each thread that uses the library has: a GMainContext of its own, which is the
;; thread's default one, so that what is made on the thread belongs to it; the Scheme
;; procedures that C will call; and the objects to be released.
(define-module (buildq runtime context)
  #:use-module (buildq runtime errors)
  #:use-module (buildq runtime library)
  #:use-module ((ice-9 suspendable-ports) #:select (current-read-waiter))
  #:use-module (ice-9 threads)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (system foreign)
  #:export (current-context
            context->c
            context-guardian
            guarded
            call-from-c
            store-failure!
            callback-register!
            callback-take!
            callback-ref
            %destroy-callback
            set-release!
            release-unreachable!
            dispatch!
            wait-until-readable
            raise-failure
            milliseconds
            context-pointer
            context-port*
            g-timeout-source-new
            g-source-attach
            g-source-destroy
            g-source-unref
            pump
            pump-until))

(define-record-type <context>
  (make-context thread pointer guardian callbacks last-id failures calls
                poller fd port waiting waking?)
  context?
  (thread context-thread)
  (pointer context-pointer)
  ;; The objects that belong to the thread. They are released on it and nowhere else,
  ;; whereas finalizers of Guile run on a thread of their own.
  (guardian context-guardian)
  ;; From the numbers that C has as user_data to what they stand for. A procedure whose
  ;; address C had would not be kept by that from the garbage collector.
  (callbacks context-callbacks)
  (last-id context-last-id set-context-last-id!)
  ;; What callbacks raised, in order.
  (failures context-failures set-context-failures!)
  (calls context-calls set-context-calls!) ;how many
  ;; Once it was pumped: the address of the BuildqPoller, its descriptor, a port for what
  ;; suspends until it is readable, how many do, and whether they are to be resumed.
  (poller context-poller set-context-poller!)
  (fd context-fd set-context-fd!)
  (port context-port set-context-port!)
  (waiting context-waiting set-context-waiting!)
  (waking? context-waking? set-context-waking?!))

(set-record-type-printer! <context>
  (lambda (context port)
    (format port "#<buildq-context of ~a>" (context-thread context))))

(define g-main-context-new (c-function '* "g_main_context_new" '()))
(define g-main-context-push-thread-default
  (c-function void "g_main_context_push_thread_default" '(*)))

;; What waits for a port where no library has its own way to.
(define default-read-waiter (@@ (ice-9 suspendable-ports) default-read-waiter))

(define thread-context (make-thread-local-fluid #f))

(define-inlinable (current-context)
  (or (fluid-ref thread-context) (enter-context!)))

(define (enter-context!)
  (let* ((pointer (g-main-context-new))
         (context (make-context (current-thread) pointer (make-guardian)
                                (make-hash-table) 0 '() 0
                                #f #f #f 0 #f)))
    (g-main-context-push-thread-default pointer)
    (fluid-set! thread-context context)
    context))

(define (context->c context who)
  "Return the pointer to the GMainContext of CONTEXT, which must be this thread's."
  (unless (eq? context (current-context))
    (raise-wrong-type who context "context of this thread"))
  (context-pointer context))


;;;
;;; Calls in both directions.
;;;

;; An exception must not leave a callback: it would jump over C's frames, and leave the
;; context owned for ever. So what C calls catches all, and interrupts (^C) are held off
;; while C runs, because they could raise before there is a handler. It is in vain to
;; hold them off any later: they come before the first call of a procedure.
(define-syntax-rule (guarded call)
  (call-with-blocked-asyncs (lambda () call)))

(define (store-failure! context failure)
  (set-context-failures! context (append (context-failures context) (list failure))))

(define (raise-failure context)
  (let ((failures (context-failures context)))
    (unless (null? failures)
      (set-context-failures! context (cdr failures))
      (raise-exception (car failures)))))

(define (call-from-c thunk fail)
  "Call THUNK for C. Whatever leaves it is given to FAIL, whose value is returned instead:
exceptions, and an error that stands for an escape to a prompt outside."
  (let ((left? #t)
        (context (current-context)))
    (define (call)
      (let ((value (with-exception-handler
                    fail
                    (lambda () (call-with-unblocked-asyncs thunk))
                    #:unwind? #t)))
        (set! left? #f)
        value))
    (set-context-calls! context (1+ (context-calls context)))
    (with-exception-handler
     fail
     (lambda ()
       (dynamic-wind
         (lambda () #f)
         call
         (lambda ()
           (when left?
             (raise-buildq-error 'callback 'runtime 'failed
                                 "a callback was left by a jump out of it")))))
     #:unwind? #t)))

(define (callback-register! entry)
  "Return the number that C is to hand back for ENTRY."
  (let* ((context (current-context))
         (id (1+ (context-last-id context))))
    (set-context-last-id! context id)
    (hashv-set! (context-callbacks context) id entry)
    id))

(define (callback-ref id)
  "Return the entry of number ID, or #f."
  (hashv-ref (context-callbacks (current-context)) id))

(define (callback-take! id)
  "Return the entry of number ID, which is not called again, or #f."
  (let* ((callbacks (context-callbacks (current-context)))
         (entry (hashv-ref callbacks id)))
    (hashv-remove! callbacks id)
    entry))

;; A GDestroyNotify.
(define %destroy-callback
  (procedure->pointer void callback-take! (list uintptr_t)))


;;;
;;; Objects nobody has any more.
;;;

(define release #f)

(define (set-release! procedure)
  "Let PROCEDURE release what the guardian of a context gives back."
  (set! release procedure))

(define (release-unreachable! context)
  "Release what the garbage collector found to be unreachable, of the objects of CONTEXT,
which is that of this thread."
  (let ((guardian (context-guardian context)))
    (let loop ((object (guardian)))
      (when object
        (release object)
        (loop (guardian))))))


;;;
;;; Waiting.
;;;

(define buildq-poller-new (c-function '* "buildq_poller_new" '(* *)))
(define buildq-poller-get-fd (c-function int "buildq_poller_get_fd" '(*)))
(define buildq-poller-dispatch (c-function unsigned-int "buildq_poller_dispatch" '(*)))
(define g-timeout-source-new (c-function '* "g_timeout_source_new" (list unsigned-int)))
(define g-idle-source-new (c-function '* "g_idle_source_new" '()))
(define g-source-set-callback (c-function void "g_source_set_callback" '(* * * *)))
(define g-source-attach (c-function unsigned-int "g_source_attach" '(* *)))
(define g-source-destroy (c-function void "g_source_destroy" '(*)))
(define g-source-unref (c-function void "g_source_unref" '(*)))

(define (now)
  (/ (get-internal-real-time) (exact->inexact internal-time-units-per-second)))

(define (context-poller* context)
  (or (context-poller context)
      (let* ((slot (take-error-slot))
             (poller (buildq-poller-new (context-pointer context)
                                        (slot-pointer slot))))
        (finish-error-slot slot 'pump)
        (set-context-poller! context poller)
        (set-context-fd! context (buildq-poller-get-fd poller))
        poller)))

(define (dispatch! context)
  "Run what is due. Return whether a procedure of Scheme was called."
  (let ((poller (context-poller* context))
        (before (context-calls context)))
    (guarded (buildq-poller-dispatch poller))
    (let ((ran? (not (eq? before (context-calls context)))))
      (when (and ran? (positive? (context-waiting context)))
        (wake-others! context))
      ran?)))

;; A GSourceFunc: always ready, while there is somebody to wake up.
(define %wake-up
  (procedure->pointer int
                      (lambda (data)
                        (if (context-waking? (current-context)) 1 0))
                      '(*)))

(define (add-source! context source)
  (g-source-set-callback source %wake-up %null-pointer %null-pointer)
  (g-source-attach source (context-pointer context))
  source)

;; What was suspended does not know that its callback ran when another one, that had no
;; need to wait, dispatched it: the descriptor stays readable until one is resumed, and
;; so all are.
(define (wake-others! context)
  (unless (context-waking? context)
    (set-context-waking?! context #t)
    (g-source-unref (add-source! context (g-idle-source-new)))
    (guarded (buildq-poller-dispatch (context-poller context)))))

(define (remove-source! source)
  (g-source-destroy source)
  (g-source-unref source))

;; What C can hold: 24 days.
(define (milliseconds seconds)
  (min (inexact->exact (ceiling (* 1000 seconds))) #x7fffffff))

(define (select-readable fd seconds)
  (if seconds
      (let ((whole (inexact->exact (floor seconds))))
        (select (list fd) '() '() whole
                (inexact->exact (floor (* 1e6 (- seconds whole))))))
      (select (list fd) '() '())))

;; One port, whose descriptor is its own: a port closes it when it is collected.
(define (context-port* context)
  (or (context-port context)
      (let ((port (fdopen (dup->fdes (context-fd context)) "r0")))
        (set-context-port! context port)
        port)))

;; Under Fibers, or whatever else has ports that suspend. The context keeps the time.
(define (suspend-until-readable context waiter seconds)
  (let ((timer (and seconds (add-source! context (g-timeout-source-new
                                                  (milliseconds seconds))))))
    (unless (dispatch! context)         ;which also takes notice of the timer
      (set-context-waiting! context (1+ (context-waiting context)))
      (waiter (context-port* context))
      (set-context-waiting! context (1- (context-waiting context)))
      (set-context-waking?! context #f))
    (when timer
      (remove-source! timer))))

(define (wait-until-readable context seconds)
  (let ((waiter (current-read-waiter)))
    (if (eq? waiter default-read-waiter)
        (select-readable (context-fd context) seconds)
        (suspend-until-readable context waiter seconds))))

(define* (pump #:key (timeout #f))
  "Run callbacks of this thread's objects that are due. When there is none, wait for one,
TIMEOUT seconds at most, or for ever. Return whether one ran. What a callback raised is
raised from here."
  (let* ((context (current-context))
         (deadline (and timeout (+ (now) timeout))))
    (let loop ()
      (raise-failure context)
      (release-unreachable! context)
      (let ((ran? (dispatch! context)))
        (raise-failure context)
        (or ran?
            (let ((left (and deadline (- deadline (now)))))
              (and (or (not left) (positive? left))
                   (begin
                     (wait-until-readable context left)
                     (loop)))))))))

(define* (pump-until done? #:key (timeout #f))
  "Pump until (DONE?) is true, and return its value; #f after TIMEOUT seconds."
  (let ((deadline (and timeout (+ (now) timeout))))
    (let loop ()
      (or (done?)
          (let ((left (and deadline (- deadline (now)))))
            (and (or (not left) (positive? left))
                 (begin
                   (pump #:timeout left)
                   (loop))))))))
