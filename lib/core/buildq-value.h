/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Values: immutable, atomically refcounted structs that are described by a table of
 * fields. The table is all that the codec needs to read and write a value as JSON, to
 * compare, copy and free it, and to check the limits of what comes from outside.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Limits of what is read. */
#define BUILDQ_JSON_MAX_BYTES (64 * 1024 * 1024)
#define BUILDQ_JSON_MAX_DEPTH 32

#define BUILDQ_MAX_NAME 255           /* names of inputs, outputs, systems … */
#define BUILDQ_MAX_TEXT (1024 * 1024) /* free text, an argument */
#define BUILDQ_MAX_KEY 1024           /* keys of jobs, ids of requests */
#define BUILDQ_MAX_ITEMS 100000       /* entries of a list */

typedef enum
{
  BUILDQ_FIELD_STRING, /* char * */
  BUILDQ_FIELD_STRV,   /* char **, never NULL after reading */
  BUILDQ_FIELD_INT,    /* gint64, >= 0 unless SIGNED */
  BUILDQ_FIELD_BOOL,   /* gboolean */
  BUILDQ_FIELD_ENUM,   /* int; on the wire its nick */
  BUILDQ_FIELD_VALUE,  /* a value, or NULL */
  BUILDQ_FIELD_VALUES, /* GPtrArray of values, never NULL after reading */
} BuildqFieldKind;

typedef enum
{
  BUILDQ_FIELD_REQUIRED = 1 << 0, /* must be there, and not be empty */
  BUILDQ_FIELD_SIGNED = 1 << 1,   /* may be negative */
  BUILDQ_FIELD_ALWAYS = 1 << 2,   /* is written also when it is 0 */
  BUILDQ_FIELD_NOT_SPEC = 1 << 3, /* says nothing about the work to be done */
  BUILDQ_FIELD_OPEN = 1 << 4,     /* ENUM: a name that is not known stands for max */
} BuildqFieldFlags;

typedef struct _BuildqValueInfo BuildqValueInfo;

typedef struct
{
  const char *name; /* in JSON */
  BuildqFieldKind kind;
  gsize offset;                /* in the struct */
  guint flags;                 /* BuildqFieldFlags */
  gint64 max;                  /* STRING: bytes; STRV: bytes of an entry; INT: the number;
                                * VALUES: entries; 0: the default of the kind. ENUM:
                                * what an OPEN one is when its name is not known */
  const BuildqValueInfo *info; /* VALUE, VALUES: of what */
  GType (*enum_type) (void);   /* ENUM */
} BuildqField;

struct _BuildqValueInfo
{
  const char *name; /* for messages, such as "job" */
  gsize size;
  const BuildqField *fields;
  guint n_fields;
  gboolean (*validate) (gconstpointer value, GError **error); /* or NULL */
  const char *label; /* STRING field that names one, or NULL */
};

gpointer _buildq_value_new (const BuildqValueInfo *info);
gpointer _buildq_value_ref (gpointer value);
void _buildq_value_unref (const BuildqValueInfo *info, gpointer value);
gpointer _buildq_value_copy (const BuildqValueInfo *info, gconstpointer value);
const char *_buildq_value_first_difference (const BuildqValueInfo *info,
                                            gconstpointer a,
                                            gconstpointer b,
                                            gboolean spec_only);
gboolean _buildq_value_validate (const BuildqValueInfo *info,
                                 gconstpointer value,
                                 GError **error);

void _buildq_value_append_json (const BuildqValueInfo *info,
                                gconstpointer value,
                                gboolean spec_only,
                                GString *out);
char *_buildq_value_to_json (const BuildqValueInfo *info, gconstpointer value);
gpointer _buildq_value_from_node (const BuildqValueInfo *info,
                                  JsonNode *node,
                                  GError **error);
gpointer _buildq_value_from_json (const BuildqValueInfo *info,
                                  const char *json,
                                  gssize length,
                                  GError **error);

JsonNode *_buildq_json_parse (const char *json, gssize length, GError **error);
void _buildq_json_append_string (GString *out, const char *string);

const char *_buildq_enum_to_string (GType type, int value);
gboolean _buildq_enum_from_string (GType type, const char *string, int *value);

/* The functions that every value type has. Their documentation stands where they are
 * used. */
#define BUILDQ_DEFINE_VALUE(TypeName, type_name, info)                                   \
  G_DEFINE_BOXED_TYPE (TypeName, type_name, type_name##_ref, type_name##_unref)          \
  TypeName *type_name##_ref (TypeName *self)                                             \
  {                                                                                      \
    g_return_val_if_fail (self != NULL, NULL);                                           \
    return _buildq_value_ref (self);                                                     \
  }                                                                                      \
  void type_name##_unref (TypeName *self)                                                \
  {                                                                                      \
    g_return_if_fail (self != NULL);                                                     \
    _buildq_value_unref (info, self);                                                    \
  }                                                                                      \
  gboolean type_name##_equal (TypeName *self, TypeName *other)                           \
  {                                                                                      \
    g_return_val_if_fail (self != NULL && other != NULL, FALSE);                         \
    return _buildq_value_first_difference (info, self, other, FALSE) == NULL;            \
  }                                                                                      \
  char *type_name##_to_json (TypeName *self)                                             \
  {                                                                                      \
    g_return_val_if_fail (self != NULL, NULL);                                           \
    return _buildq_value_to_json (info, self);                                           \
  }                                                                                      \
  TypeName *type_name##_new_from_json (const char *json, GError **error)                 \
  {                                                                                      \
    g_return_val_if_fail (json != NULL, NULL);                                           \
    return _buildq_value_from_json (info, json, -1, error);                              \
  }

#define BUILDQ_DEFINE_GETTER(TypeName, type_name, field, ReturnType)                     \
  ReturnType type_name##_get_##field (TypeName *self)                                    \
  {                                                                                      \
    g_return_val_if_fail (self != NULL, (ReturnType) 0);                                 \
    return self->field;                                                                  \
  }

/* A list is handed out as a new array that holds references. */
#define BUILDQ_DEFINE_LIST_GETTER(TypeName, type_name, field)                            \
  GPtrArray *type_name##_get_##field (TypeName *self)                                    \
  {                                                                                      \
    g_return_val_if_fail (self != NULL, NULL);                                           \
    return g_ptr_array_ref (self->field);                                                \
  }

gboolean _buildq_name_check (const char *what, const char *name, GError **error);
/* Whether it is a relative path that stays inside of the build directory. */
gboolean _buildq_inside_check (const char *what, const char *path, GError **error);

GPtrArray *_buildq_values_new (const BuildqValueInfo *info);
void _buildq_set_string (char **place, const char *value);
void _buildq_strv_add (char ***place, const char *value);

G_END_DECLS
