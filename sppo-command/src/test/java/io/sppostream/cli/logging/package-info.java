@NullMarked
package io.sppostream.cli.logging;

import org.jspecify.annotations.NullMarked;
