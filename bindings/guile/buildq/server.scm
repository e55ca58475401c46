;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; Servers, which let others reach a queue, and the tokens of those who may.
(define-module (buildq server)
  #:use-module ((buildq ffi) #:prefix ffi:)
  #:use-module (buildq runtime)
  #:use-module (buildq tasks)
  #:export (start-server
            stop-server!
            call-with-server
            server-uri
            server-queue
            server-received-bytes
            server-sent-bytes
            open-authority
            authority-path
            authority-add!
            authority-remove!
            authority-principals
            authority-authenticate))

(define* (start-server queue #:key (address "127.0.0.1") (port 0) fd authority
                       max-sessions)
  "Serve QUEUE to others at ADDRESS and PORT, 0 for any that is free, or on FD, a TCP
socket that listens, and return the server; it works while this thread waits for
something.  With an AUTHORITY only those with a token of it are let in.  Raise an error
with the code unauthorized when others than this machine could reach a server without
one."
  (let ((server (ffi:server-new queue authority)))
    (when max-sessions
      (ffi:server-set-max-sessions server max-sessions))
    (if fd
        (ffi:server-listen-fd server fd)
        (ffi:server-listen server address port))
    server))

(define (stop-server! server)
  "Stop listening, and close all connections of SERVER.  Once more is no error."
  (unless (closed? server)
    (ffi:server-stop server)
    (close-handle server)))

(define (call-with-server queue proc . options)
  "Call PROC with a server for QUEUE, started with OPTIONS as by `start-server', and
stop it afterwards."
  (let ((server (apply start-server queue options)))
    (call-with-cleanup (lambda () (proc server))
                       (lambda () (stop-server! server)))))

(define (server-uri server)
  "Return the URI that SERVER can be reached at."
  (ffi:server-get-uri server))

(define (server-queue server)
  "Return the queue that SERVER serves."
  (ffi:server-get-queue server))

(define (server-received-bytes server)
  "Return how many bytes SERVER has received."
  (ffi:server-get-received-bytes server))

(define (server-sent-bytes server)
  "Return how many bytes SERVER has sent."
  (ffi:server-get-sent-bytes server))

(define* (open-authority #:optional path)
  "Open the list of tokens in the file PATH, which need not exist yet; without, one in
memory.  Raise an error with the code invalid when the file is no such list."
  (ffi:authority-new path))

(define (authority-path authority)
  "Return the file of AUTHORITY, or #f."
  (ffi:authority-get-path authority))

(define (authority-add! authority name role)
  "Make a token for NAME, who may do what ROLE says: reader, submitter, worker, relay or
admin.  Return it; it cannot be asked for again.  Raise an error with the code exists
when NAME has one, invalid for a name that cannot be."
  (ffi:authority-add-token authority name role))

(define (authority-remove! authority name)
  "Remove the token of NAME.  Raise an error with the code not-found when there is none."
  (ffi:authority-remove authority name))

(define (authority-principals authority)
  "Return the list of the principals who have a token."
  (ffi:authority-list authority))

(define (authority-authenticate authority token)
  "Return the principal whose TOKEN this is.  Raise an error with the code unauthorized
when it is nobody's."
  (ffi:authority-authenticate authority token))
