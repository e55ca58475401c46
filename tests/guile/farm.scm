;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What the tests of (buildq ffi) submit.
(define-module (farm)
  #:use-module (buildq ffi)
  #:use-module (buildq runtime)
  #:export (deadline job request finish submit-async submit get-job-async get-job))

;; Seconds after which a test gives up.
(define deadline 60)

(define (job key)
  "Return a job named KEY."
  (let ((builder (job-builder-new)))
    (job-builder-set-key builder key)
    (job-builder-set-kind builder "command")
    (job-builder-set-system builder "x86_64-linux")
    (job-builder-set-argv builder '("echo" "żółw" ""))
    (job-builder-set-cores builder 3)
    (job-builder-build builder)))

(define (request keys)
  "Return a request for jobs named KEYS."
  (let ((builder (request-builder-new)))
    (for-each (lambda (key) (request-builder-add-job builder (job key))) keys)
    (request-builder-set-wanted builder keys)
    (request-builder-build builder)))

(define (finish start end)
  "Call END with the result of the asynchronous call that START starts."
  (let ((result #f))
    (start (lambda (source r) (set! result r)))
    (unless (pump-until (lambda () result) #:timeout deadline)
      (error "nothing was answered"))
    (end result)))

(define (submit-async queue keys callback)
  (queue-submit-async queue (request keys) 0 #f callback))

(define (submit queue . keys)
  "Submit a request for KEYS; return its status."
  (finish (lambda (callback) (submit-async queue keys callback))
          (lambda (result) (queue-submit-finish queue result))))

(define (get-job-async queue key callback)
  (queue-get-job-async queue key 0 #f callback))

(define (get-job queue key)
  "Return the status of KEY."
  (finish (lambda (callback) (get-job-async queue key callback))
          (lambda (result) (queue-get-job-finish queue result))))
