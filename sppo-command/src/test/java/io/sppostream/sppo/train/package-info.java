@NullMarked
package io.sppostream.sppo.train;

import org.jspecify.annotations.NullMarked;
