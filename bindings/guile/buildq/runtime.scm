;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; What the generated module (buildq ffi) is written in: see doc/guile.md.
(define-module (buildq runtime)
  #:use-module (buildq runtime callbacks)
  #:use-module (buildq runtime context)
  #:use-module (buildq runtime errors)
  #:use-module (buildq runtime events)
  #:use-module (buildq runtime library)
  #:use-module (buildq runtime types))

(for-each (lambda (module)
            (module-re-export! (current-module)
                               (module-map (lambda (name variable) name)
                                           (resolve-interface module))))
          '((buildq runtime callbacks)
            (buildq runtime context)
            (buildq runtime errors)
            (buildq runtime events)
            (buildq runtime library)
            (buildq runtime types)))
