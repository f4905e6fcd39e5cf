/** The command line. */
@NullMarked
package io.sppostream.cli;

import org.jspecify.annotations.NullMarked;
