/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a service manager, such as systemd, hands over and wants to know. Both protocols
 * are a few variables of the environment; none of them is for the jobs.
 */
#include "config.h"

#include "buildq-tool.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_SOCKETS 64

guint
tool_take_sockets (void)
{
  const char *pid_text = g_getenv ("LISTEN_PID");
  const char *n_text = g_getenv ("LISTEN_FDS");
  guint64 pid = 0, n = 0;

  if (pid_text == NULL || n_text == NULL
      || !g_ascii_string_to_unsigned (pid_text, 10, 1, G_MAXINT, &pid, NULL)
      || !g_ascii_string_to_unsigned (n_text, 10, 0, MAX_SOCKETS, &n, NULL)
      || pid != (guint64) getpid ())
    n = 0;
  for (guint i = 0; i < n; i++)
    fcntl (TOOL_FIRST_SOCKET + (int) i, F_SETFD, FD_CLOEXEC);
  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
  return (guint) n;
}

static const char *
notify_path (void)
{
  static char *path;

  if (path == NULL)
    {
      path = g_strdup (g_getenv ("NOTIFY_SOCKET"));
      g_unsetenv ("NOTIFY_SOCKET");
    }
  return path;
}

void
tool_notify (const char *state)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const char *path = notify_path ();
  gsize length = path == NULL ? 0 : strlen (path);
  int fd;

  if (length < 2 || length >= sizeof address.sun_path || (*path != '/' && *path != '@'))
    return;
  memcpy (address.sun_path, path, length);
  if (*path == '@')
    address.sun_path[0] = '\0'; /* an abstract one */
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  /* Nobody else listens to what would be said about a failure. */
  (void) !sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *) &address,
                  (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length));
  close (fd);
}
