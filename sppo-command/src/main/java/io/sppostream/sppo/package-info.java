/** The command: all roles in one process over an embedded broker. */
@NullMarked
package io.sppostream.sppo;

import org.jspecify.annotations.NullMarked;
