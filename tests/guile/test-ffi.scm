;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That each kind of argument and value goes to C and comes back.
(use-modules (buildq ffi)
             (buildq runtime)
             (rnrs bytevectors)
             (tap))

(define (job key)
  (let ((builder (job-builder-new)))
    (job-builder-set-key builder key)
    (job-builder-set-kind builder "command")
    (job-builder-set-system builder "x86_64-linux")
    (job-builder-set-argv builder '("echo" "żółw" ""))
    (job-builder-set-cores builder 3)
    (job-builder-build builder)))

(define (request . keys)
  (let ((builder (request-builder-new)))
    (for-each (lambda (key) (request-builder-add-job builder (job key))) keys)
    (request-builder-set-wanted builder keys)
    (request-builder-build builder)))

(define (finish start end)
  "Call END with what the asynchronous call START results in."
  (let ((result #f))
    (start (lambda (source r) (set! result r)))
    (pump-until (lambda () result) #:timeout 30)
    (end result)))

(define (submit queue . keys)
  (let ((request (apply request keys)))
    (finish (lambda (k) (queue-submit-async queue request 0 #f k))
            (lambda (result) (queue-submit-finish queue result)))))


;; Values.
(define hello (job "hello"))
(check "a string comes back" "hello" (job-get-key hello))
(check "a list of strings comes back" '("echo" "żółw" "") (job-get-argv hello))
(check "an integer comes back" 3 (job-get-cores hello))
(check "an empty list comes back" '() (job-get-depends hello))
(check "equal values are equal" #t (job-equal hello (job "hello")))
(check "different values are not" #f (job-equal hello (job "other")))
(check "a list of values comes back" '("a" "b")
       (map job-get-key (request-get-jobs (request "a" "b"))))
(check "a value is of its type" '(#t #f #f)
       (list (job? hello) (request? hello) (job? "hello")))
(check "two values are returned" '(#t worker)
       (call-with-values (lambda () (role-from-string "worker")) list))
(check "#f stands for NULL" #f
       (log-chunk-get-location (log-chunk-new "token" 0 #vu8(1 2 255) #f #f)))
(check "bytes come back" #vu8(1 2 255)
       (log-chunk-get-bytes (log-chunk-new "token" 0 #vu8(1 2 255) #f #f)))

;; Objects.
(define queue (queue-new-for-uri "memory:" #f))
(check "an object is of the type that C made" '(#t #t #f)
       (list (queue? queue) (local-queue? queue) (remote-queue? queue)))
(define status (submit queue "a" "b"))
(check "an asynchronous call" 'active (request-status-get-state status))
(check-raises "an error of C has its code" buildq-error-code 'not-found
              (finish (lambda (k) (queue-get-job-async queue "nope" 0 #f k))
                      (lambda (result) (queue-get-job-finish queue result))))
(check-raises "an error of GIO has its code" buildq-error-code 'cancelled
              (finish (lambda (k)
                        (let ((cancellable (make-cancellable)))
                          (cancel! cancellable)
                          (queue-get-job-async queue "a" 0 cancellable k)))
                      (lambda (result) (queue-get-job-finish queue result))))

(done)
