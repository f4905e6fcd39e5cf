/** Tests with containers. */
@NullMarked
package io.sppostream.containers;

import org.jspecify.annotations.NullMarked;
