;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; That each kind of argument and value goes to C and comes back.
(use-modules (buildq ffi)
             (buildq runtime)
             (farm)
             (rnrs bytevectors)
             (tap))

;; Values.
(define hello (job "hello"))
(check "a string comes back" "hello" (job-get-key hello))
(check "a list of strings comes back" '("echo" "żółw" "") (job-get-argv hello))
(check "an integer comes back" 3 (job-get-cores hello))
(check "an empty list comes back" '() (job-get-depends hello))
(check "equal values are equal" #t (job-equal hello (job "hello")))
(check "different values are not" #f (job-equal hello (job "other")))
(check "a list of values comes back" '("a" "b")
       (map job-get-key (request-get-jobs (request '("a" "b")))))
(check "a value is of its type" '(#t #f #f)
       (list (job? hello) (request? hello) (job? "hello")))
(check "two values are returned" '(#t worker)
       (call-with-values (lambda () (role-from-string "worker")) list))
(check "#f stands for NULL" #f
       (log-chunk-get-location (log-chunk-new "token" 0 #vu8(1 2 255) #f #f)))
(check "bytes come back" #vu8(1 2 255)
       (log-chunk-get-bytes (log-chunk-new "token" 0 #vu8(1 2 255) #f #f)))

;; More than the block for strings has room for, and exactly as much.
(check "long strings and long lists" '(#t #t)
       (let ((text (make-string 100000 #\ł))
             (builder (job-builder-new)))
         (job-builder-set-key builder "long")
         (job-builder-set-kind builder "other")
         (job-builder-set-system builder "any")
         (job-builder-set-payload builder text)
         (job-builder-set-argv builder (make-list 1000 "argument żółw"))
         (let ((job (job-builder-build builder)))
           (list (equal? text (job-get-payload job))
                 (equal? (make-list 1000 "argument żółw") (job-get-argv job))))))
(check "strings of any length" '()
       (filter (lambda (length)
                 (let ((text (make-string length #\a))
                       (builder (job-builder-new)))
                   (job-builder-set-key builder "key")
                   (job-builder-set-kind builder "other")
                   (job-builder-set-system builder "any")
                   (job-builder-set-payload builder text)
                   (not (equal? text (job-get-payload (job-builder-build builder))))))
               (iota 40 16364)))

;; Objects.
(define queue (queue-new-for-uri "memory:" #f))
(check "an object is of the type that C made" '(#t #t #f)
       (list (queue? queue) (local-queue? queue) (remote-queue? queue)))
(define status (submit queue "a" "b"))
(check "an asynchronous call" 'active (request-status-get-state status))
(check-raises "an error of C has its code" buildq-error-code 'not-found
              (get-job queue "nope"))
(check-raises "an error of GIO has its code" buildq-error-code 'cancelled
              (finish (lambda (k)
                        (let ((cancellable (make-cancellable)))
                          (cancel! cancellable)
                          (queue-get-job-async queue "a" 0 cancellable k)))
                      (lambda (result) (queue-get-job-finish queue result))))

(done)
