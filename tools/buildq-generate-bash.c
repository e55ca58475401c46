/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Completion for bash from the table of options.
 */
#include "config.h"

#include "buildq-generate.h"

#include <string.h>

/* Works by itself, and with the package bash-completion, which loads it when needed. */
static const char head[]
    = "# Completion of buildq for bash; made from its table of options.\n"
      "\n"
      "_buildq_reply ()\n"
      "{\n"
      "  local IFS=$'\\n'\n"
      "  COMPREPLY=($(compgen \"$@\" -- \"$cur\"))\n"
      "}\n"
      "\n"
      "_buildq_files ()\n"
      "{\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  _buildq_reply \"$1\"\n"
      "}\n"
      "\n"
      "# words WORD…\n"
      "_buildq_words ()\n"
      "{\n"
      "  local IFS=' '\n"
      "  COMPREPLY=($(compgen -W \"$*\" -- \"$cur\"))\n"
      "}\n"
      "\n"
      "_buildq ()\n"
      "{\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= "
      "i\n"
      "  COMPREPLY=()\n"
      "  # bash takes the = of --option=value for a word\n"
      "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  [[ $cur == = ]] && cur=\n"
      "  [[ $COMP_CWORD -gt 1 ]] && command=${COMP_WORDS[1]}\n"
      "  [[ $command == help ]] && command=\n"
      "  case $command in\n";

static const char tail[] = "  esac\n"
                           "}\n"
                           "complete -F _buildq buildq\n";

static gboolean
is_files (const char *argument)
{
  return strstr (argument, "FILE") != NULL || strstr (argument, "PATH") != NULL
         || g_str_equal (argument, "PUBLIC");
}

static void
add_names (const ToolOption *option, gboolean shared, gpointer user_data)
{
  GString *out = user_data;

  g_string_append_printf (out, " --%s", option->name);
  if (option->letter != 0)
    g_string_append_printf (out, " -%c", option->letter);
}

/* What can follow the name of an option. */
static void
add_values (const ToolOption *option, gboolean shared, gpointer user_data)
{
  GString *out = user_data;

  if (option->type == TOOL_FLAG)
    return;
  g_string_append_printf (out, "      --%s", option->name);
  if (option->letter != 0)
    g_string_append_printf (out, " | -%c", option->letter);
  if (option->choices != NULL)
    {
      g_autofree char *words = g_strjoinv (" ", (char **) option->choices);

      g_string_append_printf (out, ") _buildq_words %s; return ;;\n", words);
    }
  else if (g_str_equal (option->argument, "DIR") || option->type == TOOL_MIRRORS)
    g_string_append (out, ") _buildq_files -d; return ;;\n");
  else if (is_files (option->argument))
    g_string_append (out, ") _buildq_files -f; return ;;\n");
  else
    g_string_append (out, ") return ;;\n");
}

static void
add_command (GString *out, const ToolCommand *command)
{
  g_string_append_printf (out, "  %s)\n", command->name);
  if (command->takes_command)
    g_string_append (out, "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
                          "      [[ ${COMP_WORDS[i]} == -- ]] || continue\n"
                          "      if [[ $((i + 1)) == \"$COMP_CWORD\" ]]; then\n"
                          "        _buildq_reply -c\n"
                          "      else\n"
                          "        _buildq_files -f\n"
                          "      fi\n"
                          "      return\n"
                          "    done\n");
  g_string_append (out, "    case $prev in\n");
  tool_command_foreach (command, add_values, out);
  g_string_append (out, "    esac\n"
                        "    if [[ $cur == -* ]]; then\n"
                        "      _buildq_words --help -h");
  tool_command_foreach (command, add_names, out);
  g_string_append (out, "\n");
  if (command->arguments != NULL && is_files (command->arguments))
    g_string_append (out, "    else\n"
                          "      _buildq_files -f\n");
  g_string_append (out, "    fi ;;\n");
}

static void
add_group (GString *out, const ToolCommand *group, int depth)
{
  g_string_append_printf (out,
                          "  %s)\n"
                          "  if [[ $COMP_CWORD == %d ]]; then\n"
                          "    _buildq_words --help -h help",
                          depth == 1 ? "''" : group->name, depth);
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    g_string_append_printf (out, " %s", (*p)->name);
  g_string_append (out, depth == 1 ? " --version -V\n" : "\n");
  if (depth == 1)
    {
      g_string_append (out, "  elif [[ $COMP_CWORD == 2 ]]; then\n"
                            "    _buildq_words");
      for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
        g_string_append_printf (out, " %s", (*p)->name);
      g_string_append (out, "\n  fi ;;\n");
      return;
    }
  g_string_append (out, "    return\n"
                        "  fi\n"
                        "  case ${COMP_WORDS[2]} in\n");
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    add_command (out, *p);
  g_string_append (out, "  esac ;;\n");
}

void
generate_bash (GString *out)
{
  g_string_append (out, head);
  add_group (out, &tool_buildq, 1);
  for (const ToolCommand *const *p = tool_buildq.commands; *p != NULL; p++)
    if ((*p)->commands != NULL)
      add_group (out, *p, 2);
    else
      add_command (out, *p);
  g_string_append (out, tail);
}
