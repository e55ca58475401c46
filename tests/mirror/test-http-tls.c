/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The HTTP client, over TLS.
 */
#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "netutil/buildq-http-request.h"

/* Of nobody, for 127.0.0.1. */
static const char identity[]
    = "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgImoekMnlNRG5ztFD\n"
      "+hO+K8mslg+sHglfrTB8VJCn5kihRANCAAQ53el4g45ZaSgzV9rbvs0dBG0+zqGJ\n"
      "H7LNB3KuKMxvt4WO9YAX5gtQNsBLqrj8u9BvyU3X4TfuXPexDkW7jUSK\n"
      "-----END PRIVATE KEY-----\n"
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBkDCCATagAwIBAgIUaCeF6UZq9xos6eAPiMpA8jYuk0MwCgYIKoZIzj0EAwIw\n"
      "FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNDExMTkxOVoYDzIxMjYxMDMx\n"
      "MTExOTE5WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO\n"
      "PQMBBwNCAAQ53el4g45ZaSgzV9rbvs0dBG0+zqGJH7LNB3KuKMxvt4WO9YAX5gtQ\n"
      "NsBLqrj8u9BvyU3X4TfuXPexDkW7jUSKo2QwYjAdBgNVHQ4EFgQUROPV72K/Xl+l\n"
      "G2UlFY1O11z5Ge0wHwYDVR0jBBgwFoAUROPV72K/Xl+lG2UlFY1O11z5Ge0wDwYD\n"
      "VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC\n"
      "IQCrEOf5/LbhLrRWcJlz2ObPnQurobI6vKhnAz8Qzrb52QIgYaRVBQLeBzsdGXlP\n"
      "cJ7AUzwhKCfYu/5jtRilcGAv+oU=\n"
      "-----END CERTIFICATE-----\n";

/* Answers one connection, and tells which protocol both sides agreed on. */
static gpointer
serve (gpointer data)
{
  GSocketListener *listener = data;
  const char *const offered[] = { "h2", "http/1.1", NULL };
  const char *answer
      = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  g_autoptr (GTlsCertificate) certificate
      = g_tls_certificate_new_from_pem (identity, -1, NULL);
  g_autoptr (GSocketConnection) plain
      = g_socket_listener_accept (listener, NULL, NULL, NULL);
  g_autoptr (GIOStream) tls
      = g_tls_server_connection_new (G_IO_STREAM (plain), certificate, NULL);
  g_autofree char *request = g_malloc (4096);
  char *protocol = NULL;

  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (tls), offered);
  if (g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, NULL))
    {
      protocol
          = g_strdup (g_tls_connection_get_negotiated_protocol (G_TLS_CONNECTION (tls)));
      g_input_stream_read (g_io_stream_get_input_stream (tls), request, 4096, NULL, NULL);
      g_output_stream_write_all (g_io_stream_get_output_stream (tls), answer,
                                 strlen (answer), NULL, NULL, NULL);
    }
  g_io_stream_close (tls, NULL, NULL);
  return protocol;
}

/* Gives the path of a file that is read while the client is in use. */
static char *
trust_identity (BuildqHttpClient *client)
{
  char *path = NULL;
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("buildq-identity-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (path, identity, -1, &error);
  g_assert_no_error (error);
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  soup_session_set_tls_database (client->session, database);
  return path;
}

/* By HTTP/2, libsoup is many times slower with big files. */
static void
test_http1 (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (BuildqHttpClient) client = _buildq_http_client_new ();
  g_autofree char *trusted = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *protocol = NULL;
  g_autoptr (GSocketAddress) wished
      = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  GThread *server;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_skip ("GLib has no TLS");
      return;
    }
  trusted = trust_identity (client);
  g_socket_listener_add_address (listener, wished, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  uri = g_strdup_printf ("https://127.0.0.1:%u/", g_inet_socket_address_get_port (
                                                      G_INET_SOCKET_ADDRESS (address)));
  server = g_thread_new ("server", serve, listener);
  bytes = _buildq_http_client_get (client, uri, 100, NULL, &error);
  g_assert_no_error (error);
  protocol = g_thread_join (server);
  g_unlink (trusted);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "ok", 2);
  g_assert_cmpstr (protocol, ==, "http/1.1");
}

#ifdef __SANITIZE_ADDRESS__
/* GCC 12's search for leaks crashes in the thread-local memory of what GnuTLS loads. */
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return 1;
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-tls/http1", test_http1);
  return g_test_run ();
}
