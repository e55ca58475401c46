;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; guile compile.scm SOURCE OUTPUT
;;
;; What guild compile does; some distributions have that in a package of its own.
(use-modules (ice-9 match)
             (system base compile))

(match (command-line)
  ((_ source output)
   (compile-file source
                 #:output-file output
                 #:canonicalization 'relative
                 ;; What is generated gains nothing, but takes a minute, when it is
                 ;; optimized as one piece.
                 #:optimization-level (if (string=? (basename source) "ffi.scm") 1 2)
                 #:warning-level 1)))
