;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors
;;;
;;; libbuildq for Guile; doc/guile.md is the manual.
(define-module (buildq)
  #:use-module (buildq agent)
  #:use-module (buildq errors)
  #:use-module (buildq execution)
  #:use-module (buildq owner)
  #:use-module (buildq queue)
  #:use-module ((buildq runtime) #:select (context-port leave-context!))
  #:use-module (buildq server)
  #:use-module (buildq tasks)
  #:use-module (buildq values)
  #:use-module (buildq worker)
  #:re-export (;; errors and waiting
               &buildq-error
               buildq-error?
               buildq-error-code
               buildq-error-domain
               buildq-error-message
               buildq-error-transient?
               context-port
               leave-context!
               dispatch
               spawn
               wait
               wait-until
               call-within
               await
               call-with-cleanup))

;; Of these modules everything.
(for-each (lambda (module)
            (module-re-export! (current-module)
                               (module-map (lambda (name variable) name)
                                           (resolve-interface module))))
          '((buildq agent)
            (buildq execution)
            (buildq owner)
            (buildq queue)
            (buildq server)
            (buildq values)
            (buildq worker)))
