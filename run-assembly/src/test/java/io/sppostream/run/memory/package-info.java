@NullMarked
package io.sppostream.run.memory;

import org.jspecify.annotations.NullMarked;
