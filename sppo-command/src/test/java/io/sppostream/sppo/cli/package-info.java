@NullMarked
package io.sppostream.sppo.cli;

import org.jspecify.annotations.NullMarked;
