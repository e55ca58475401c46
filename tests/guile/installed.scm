;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Run by `make installcheck' with nothing but the paths of what was installed: that the
;; modules are complete, and that Guile takes the compiled ones.
(use-modules (buildq)
             (ice-9 ftw)
             (tap))

(define (modules-below folder)
  "Return the names of the source files in FOLDER, relative to it."
  (let ((names '()))
    (ftw folder
         (lambda (path info flag)
           (when (and (eq? flag 'regular) (string-suffix? ".scm" path))
             (set! names (cons (string-drop path (1+ (string-length folder))) names)))
           #t))
    names))

(define (mtime path)
  (let ((info (stat path)))
    (+ (* (stat:mtime info) 1000000000) (stat:mtimensec info))))

(define (fresh? name)
  "Return whether there is a compiled file for NAME that Guile takes."
  (let ((source (search-path %load-path name))
        (compiled (search-path %load-compiled-path
                               (string-append (string-drop-right name 4) ".go"))))
    (and compiled (>= (mtime compiled) (mtime source)))))

(for-each (lambda (name)
            (ok (fresh? name) (string-append name " is compiled"))
            (ok (resolve-interface
                 (map string->symbol (string-split (string-drop-right name 4) #\/)))
                (string-append name " can be loaded")))
          (cons "buildq.scm"
                (map (lambda (name) (string-append "buildq/" name))
                     (modules-below (string-append (getenv "installed") "/buildq")))))
(check "the library works" #t
       (call-with-queue "memory:" (const #t)))

(done)
