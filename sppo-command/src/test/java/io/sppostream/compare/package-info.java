@NullMarked
package io.sppostream.compare;

import org.jspecify.annotations.NullMarked;
