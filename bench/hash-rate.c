/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Hashes a gigabyte with libgcrypt and nothing else: what any hash of a NAR can reach.
 */
#include <gcrypt.h>
#include <stdio.h>

#define PIECE 65536
#define TOTAL (1024 * 1024 * 1024)

int
main (void)
{
  static unsigned char piece[PIECE];
  gcry_md_hd_t md;

  gcry_check_version (NULL);
  gcry_control (GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
  if (gcry_md_open (&md, GCRY_MD_SHA256, 0) != 0)
    return 1;
  for (int i = 0; i < TOTAL / PIECE; i++)
    gcry_md_write (md, piece, PIECE);
  printf ("%02x\n", gcry_md_read (md, GCRY_MD_SHA256)[0]);
  gcry_md_close (md);
  return 0;
}
