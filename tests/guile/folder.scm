;;; SPDX-License-Identifier: LGPL-2.1-or-later
;;; Copyright The libbuildq authors

;; Folders for what a test writes.
(define-module (folder)
  #:use-module (ice-9 ftw)
  #:export (call-with-folder))

(define (remove-tree path)
  (if (eq? 'directory (stat:type (lstat path)))
      (begin
        (chmod path #o700)
        (for-each (lambda (name) (remove-tree (string-append path "/" name)))
                  (scandir path (lambda (name) (not (member name '("." ".."))))))
        (rmdir path))
      (delete-file path)))

(define (call-with-folder proc)
  "Call PROC with the path of an empty folder, which is removed afterwards."
  (let ((path (mkdtemp (string-append (or (getenv "TMPDIR") "/tmp") "/buildq-XXXXXX"))))
    (dynamic-wind
      (const #t)
      (lambda () (proc path))
      (lambda () (remove-tree path)))))
