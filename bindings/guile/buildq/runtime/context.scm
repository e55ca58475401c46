;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What each thread that uses the library has: a GMainContext of its own, which is the
;; thread's default one, so that what is made on the thread belongs to it; the Scheme
;; procedures that C will call; and the objects to be released.
(define-module (buildq runtime context)
  #:use-module (buildq runtime errors)
  #:use-module (buildq runtime library)
  #:use-module (ice-9 poll)
  #:use-module ((ice-9 suspendable-ports) #:select (current-read-waiter))
  #:use-module (ice-9 threads)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (system foreign)
  #:export (current-context
            context->c
            leave-context!
            keep-until-released
            close-when-left
            context-result
            set-context-result!
            guarded
            call-from-c
            later!
            fail-later!
            events?
            run-events!
            callback-register!
            callback-take!
            callback-ref
            %destroy-callback
            set-release!
            release-unreachable!
            dispatch!
            context-waiting
            wake-others!
            wait-until-readable
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
  (make-context thread pointer guardian objects callbacks last-id incoming events
                result poller fd port waiting waking?)
  context?
  (thread context-thread)
  (pointer context-pointer)
  ;; The objects that belong to the thread. They are released on it and nowhere else,
  ;; whereas finalizers of Guile run on a thread of their own.
  (guardian context-guardian)
  ;; Those of them that there are, as keys.
  (objects context-objects)
  ;; From the numbers that C has as user_data to what they stand for. A procedure whose
  ;; address C had would not be kept by that from the garbage collector.
  (callbacks context-callbacks)
  (last-id context-last-id set-context-last-id!)
  ;; What is to be called when C has returned: the last one first, and in order.
  (incoming context-incoming set-context-incoming!)
  (events context-events set-context-events!)
  ;; What the last callback was called with.
  (result context-result set-context-result!)
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
(define g-main-context-unref (c-function void "g_main_context_unref" '(*)))
(define g-object-unref (c-function void "g_object_unref" '(*)))
(define g-main-context-pop-thread-default
  (c-function void "g_main_context_pop_thread_default" '(*)))
(define g-main-context-push-thread-default
  (c-function void "g_main_context_push_thread_default" '(*)))

;; What waits for a port where no library has its own way to.
(define default-read-waiter (@@ (ice-9 suspendable-ports) default-read-waiter))

(define thread-context (make-thread-local-fluid #f))

(define-inlinable (current-context)
  (or (fluid-ref thread-context) (enter-context!)))

(define (deepen depth)
  (if (zero? depth)
      0
      (1+ (deepen (1- depth)))))

;; Guile 3.0 crashes when the stack of one thread grows, and so moves, while another one
;; collects garbage. So that it need not grow any more it does so now, to some 100 kB.
(define (grow-stack!)
  (gc-disable)
  (deepen 5000)
  (gc-enable))

(define (enter-context!)
  (grow-stack!)
  (let* ((pointer (g-main-context-new))
         (context (make-context (current-thread) pointer (make-guardian)
                                (make-weak-key-hash-table) (make-hash-table) 0 '() '() #f
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

;; Nothing may leave what C calls by an exception or an escape: that would jump over C's
;; frames, and leave the context owned for ever. So interrupts (^C), which can raise
;; anything anywhere, are held off while C runs; what C calls catches everything; and it
;; only notes down what the procedures of users are to be called with. They are called
;; when C has returned, and can do there what they like.
;;
;; To allow interrupts again in what C calls is no way out: when one that came meanwhile
;; raises at that moment, Guile 3.0 counts wrong, and holds off interrupts for ever.
(define-syntax-rule (guarded call)
  (call-with-blocked-asyncs (lambda () call)))

(define (later! thunk)
  "Have THUNK called by this thread's pump."
  (let ((context (current-context)))
    (set-context-incoming! context (cons thunk (context-incoming context)))))

(define (events? context)
  "Return whether something was handed to later! and not called yet."
  (not (and (null? (context-events context)) (null? (context-incoming context)))))

;; An interrupt can come between any two calls of procedures, but not between two settings
;; of fields: nothing is lost and nothing called twice.
(define (next-event! context)
  (when (null? (context-events context))
    (let ((events (reverse (context-incoming context))))
      (set-context-incoming! context '())
      (set-context-events! context events)))
  (let ((events (context-events context)))
    (and (not (null? events))
         (let ((event (car events)))
           (set-context-events! context (cdr events))
           event))))

(define (run-events! context)
  "Call what was handed to later!, and return whether there was anything. When one raises an
exception, the others are left for the next time."
  (let loop ((ran? #f))
    (let ((event (next-event! context)))
      (if event
          (begin
            (event)
            (loop #t))
          ran?))))

(define (call-from-c thunk fail)
  "Call THUNK for C. Whatever leaves it is given to FAIL, whose value is returned instead:
exceptions, and an error that stands for an escape to a prompt outside."
  (let ((left? #t))
    (define (call)
      (let ((value (with-exception-handler fail thunk #:unwind? #t)))
        (set! left? #f)
        value))
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

(define (fail-later! failure)
  "Have the pump raise FAILURE. Return zero, for C."
  (later! (lambda () (raise-exception failure)))
  0)

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
  "Let PROCEDURE release what keep-until-released was given."
  (set! release procedure))

(define (keep-until-released object)
  "Have OBJECT, which is of C and belongs to this thread, released on this thread some time
after nothing refers to it. Return OBJECT."
  (let ((context (current-context)))
    (release-unreachable! context)
    ((context-guardian context) object)
    object))

(define (close-when-left object)
  "Have OBJECT released at the latest when this thread leaves its context. Return OBJECT."
  (hashq-set! (context-objects (current-context)) object #t)
  object)

(define (release-unreachable! context)
  "Release what the garbage collector found to be unreachable, of the objects of CONTEXT,
which is that of this thread."
  (let ((guardian (context-guardian context)))
    (let loop ((object (guardian)))
      (when object
        (release object)
        (loop (guardian))))))

(define (leave-context!)
  "End this thread's use of the library: its objects are closed, and its callbacks not
called any more. A thread that does not do so before it ends keeps what it has for ever."
  (let ((context (fluid-ref thread-context)))
    (when context
      (release-unreachable! context)
      (for-each release (hash-map->list (lambda (object _) object)
                                        (context-objects context)))
      (when (context-result context)
        (release (context-result context)))
      (when (context-port context)
        (close-port (context-port context)))
      (when (context-poller context)
        (guarded (g-object-unref (context-poller context))))
      (g-main-context-pop-thread-default (context-pointer context))
      (guarded (g-main-context-unref (context-pointer context)))
      (fluid-set! thread-context #f))))


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
  "Let C do what is due."
  (guarded (buildq-poller-dispatch (context-poller* context)))
  (when (and (events? context) (positive? (context-waiting context)))
    (wake-others! context)))

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

;; What was suspended does not know what another one, that had no need to wait, has
;; dispatched: the descriptor stays readable until one is resumed, and so all are.
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

(define (poll-readable fd seconds)
  (let ((set (make-empty-poll-set)))
    (poll-set-add! set fd POLLIN)
    (poll set (if seconds (min 100 (milliseconds seconds)) 100))))

;; Whatever interrupts this thread wakes up select, but not poll. Select aborts when it
;; sees a descriptor of 1024 or more, of which the thread has one in secret.
(define (wait-for-fd fd seconds)
  (if (< fd 1000)
      (select-readable fd seconds)
      (poll-readable fd seconds)))

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
    (dispatch! context)                 ;takes notice of the timer
    (unless (events? context)
      (set-context-waiting! context (1+ (context-waiting context)))
      (waiter (context-port* context))
      (set-context-waiting! context (1- (context-waiting context)))
      (set-context-waking?! context #f))
    (when timer
      (remove-source! timer))))

(define (wait-until-readable context seconds)
  (let ((waiter (current-read-waiter)))
    (if (eq? waiter default-read-waiter)
        (wait-for-fd (context-fd context) seconds)
        (suspend-until-readable context waiter seconds))))

(define* (pump #:key (timeout #f))
  "Call the callbacks of this thread's objects that are due. When there is none, wait for
one, TIMEOUT seconds at most, or for ever. Return whether one was called. What a callback
raises comes out of here, and the others are called the next time."
  (let* ((context (current-context))
         (deadline (and timeout (+ (now) timeout))))
    (let loop ()
      (release-unreachable! context)
      (unless (events? context)
        (dispatch! context))
      (or (run-events! context)
          (let ((left (and deadline (- deadline (now)))))
            (and (or (not left) (positive? left))
                 (begin
                   (wait-until-readable context left)
                   (loop))))))))

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
