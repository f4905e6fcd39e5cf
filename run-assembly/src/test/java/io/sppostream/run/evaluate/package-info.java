@NullMarked
package io.sppostream.run.evaluate;

import org.jspecify.annotations.NullMarked;
